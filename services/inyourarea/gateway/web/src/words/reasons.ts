/**
 * Why something can not be done, as `core/reasons.py` words it, and in Korean. A sentence arrives whole; its figures
 * are read out of it by the English form, the first that fits. A figure may be such a sentence itself.
 */
import { fill, language } from "./language";

/** The same sentences under the same names, in the same order: a test holds both to it. */
export const REASONS: Readonly<Record<string, readonly [en: string, ko: string]>> = {
  "file-large": ["The file has {size} bytes; at most {most} are taken. Cut it, or export it smaller.", "파일이 {size}바이트입니다. {most}바이트까지 받습니다. 잘라 내거나 더 작게 내보내세요."],
  "empty": ["the file is empty; give the whole file", "파일이 비어 있습니다. 온전한 파일을 주세요."],
  "playlist": ["the file is a list of other files, not a video; give the video", "영상이 아니라 다른 파일의 목록입니다. 영상 파일을 올려 주세요."],
  "unreadable": ["the video can not be read ({error}): it is damaged or of no known kind; mp4, mov, mkv, webm, ts and gif are", "영상을 읽을 수 없습니다 ({error}). 손상되었거나 알 수 없는 형식입니다. mp4, mov, mkv, webm, ts, gif를 쓸 수 있습니다."],
  "tracks": ["the video has more than {most} tracks or needs too much memory to open; export it again with one picture and one sound track", "영상에 트랙이 {most}개보다 많거나, 여는 데 메모리가 너무 많이 듭니다. 화면 하나와 소리 하나만 넣어 다시 내보내세요."],
  "no-picture": ["the file has no moving picture, only sound or data; give a video", "움직이는 화면 없이 소리나 데이터만 있는 파일입니다. 영상 파일을 올려 주세요."],
  "codec": ["the video's codec ({codec}) is not one that is decoded here; export it as H.264", "이 영상의 코덱({codec})은 지원하지 않습니다. H.264로 내보내세요."],
  "huge": ["the video is {width}x{height}; frames may have at most {most} pixels", "영상 크기가 {width}x{height}입니다. 프레임은 {most} 픽셀까지 됩니다."],
  "no-size": ["the video's pictures have no size, or one over {most}; export it again, smaller", "영상의 화면 크기가 없거나 {most}보다 큽니다. 더 작게 다시 내보내세요."],
  "small": ["the video is {width}x{height}; each side needs {least} pixels", "영상 크기가 {width}x{height}입니다. 가로세로 모두 {least}픽셀 이상이어야 합니다."],
  "large": ["the video is {width}x{height}; a side may have {most} pixels", "영상 크기가 {width}x{height}입니다. 한 변은 {most}픽셀까지 됩니다."],
  "pixels": ["the video has {frames} frames of {width}x{height}, more pixels than four hours at 3840x2160 and 60 frames/s; give a part of it or a smaller copy", "{width}x{height} 크기의 프레임이 {frames}개입니다. 3840x2160, 초당 60프레임으로 4시간 분량을 넘습니다. 일부분만 쓰거나 더 작게 만드세요."],
  "long": ["the video says that it lasts {hours} hours; it may last {most}, cut it first", "영상 길이가 {hours}시간으로 되어 있습니다. {most}시간까지 되니 먼저 잘라 주세요."],
  "frames": ["the video has {frames} frames or more; it may have {most}, cut it first", "프레임이 {frames}개 이상입니다. {most}개까지 되니 먼저 잘라 주세요."],
  "dense": ["the video has more than {most} frames in one second; export it again at its usual frame rate", "1초에 프레임이 {most}개보다 많습니다. 보통 프레임 속도로 다시 내보내세요."],
  "clock": ["the video's times are counted in steps of {seconds} s, and steps of at most 1 s are taken; export it again", "영상의 시각이 {seconds}초 단위로 적혀 있습니다. 1초 이하 단위만 되니 다시 내보내세요."],
  "undecodable": ["no picture of the video could be decoded; it is damaged, export it again", "영상의 어느 화면도 디코딩할 수 없습니다. 손상된 파일이니 다시 내보내세요."],
  "no-frame": ["the video holds no picture; it is damaged, export it again", "영상에 화면이 없습니다. 손상된 파일이니 다시 내보내세요."],
  "cut-short": ["the video is cut short after {frames} frames; copy or download it again", "영상이 {frames}프레임 뒤에서 끊겼습니다. 다시 복사하거나 내려받으세요."],
  "damaged": ["the video is damaged or cut short after {frames} frames; copy or download it again", "영상이 {frames}프레임 뒤에서 손상되었거나 끊겼습니다. 다시 복사하거나 내려받으세요."],
  "part": ["no frame lies between {start} s and {end} s; the video lasts {length} s", "{start}초와 {end}초 사이에 프레임이 없습니다. 영상 길이는 {length}초입니다."],
  "rest": ["no frame lies between {start} s and the end; the video lasts {length} s", "{start}초부터 끝까지 프레임이 없습니다. 영상 길이는 {length}초입니다."],
  "being-written": ["the video ended at byte {at} of {size} while it was being read; start again when nobody writes to it", "읽는 동안 영상이 {size}바이트 중 {at}바이트에서 끝났습니다. 파일 저장이 끝난 뒤 다시 시작하세요."],
  "given-up": ["{what} was given up: {why}; export it again, shorter or smaller", "{what}: {why} 그래서 그만두었습니다. 더 짧거나 작게 다시 내보내세요."],
  "broken-off": ["{what} failed: {why}; it is damaged, export it again with another program", "{what}: {why} 그래서 실패했습니다. 손상된 파일이니 다른 프로그램으로 다시 내보내세요."],
  "undecodable-part": ["a part of the video was announced but can not be decoded; export it again", "있어야 할 영상의 일부를 디코딩할 수 없습니다. 다시 내보내세요."],
  "packet": ["a packet of the video is damaged; export it again", "영상의 패킷 하나가 손상되었습니다. 다시 내보내세요."],
  "open-end": ["the part's end lies between pictures that lean on each other; export the video again", "구간의 끝이 서로 의존하는 화면 사이에 있습니다. 영상을 다시 내보내세요."],
  "opening": ["opening the video", "영상 열기"],
  "copying": ["copying the video with more key frames", "키 프레임을 늘려 영상 복사하기"],
  "decoding": ["decoding the frames {first} to {last} failed: {why}", "{first}~{last}번 프레임 디코딩에 실패했습니다: {why}"],
  "took-long": ["it took more than {seconds} s", "{seconds}초가 넘게 걸렸습니다."],
  "took-memory": ["it needed more than {mebibytes} MiB of memory", "메모리가 {mebibytes}MiB보다 많이 필요했습니다."],
  "signal": ["its process was ended by signal {signal}", "프로세스가 시그널 {signal}로 종료되었습니다."],
  "exit": ["its process ended by itself with code {code}", "프로세스가 코드 {code}로 스스로 종료되었습니다."],
  "range-mapped": ["The video is converted: its high dynamic range is mapped to the colours of BT.709.", "영상을 변환합니다: HDR을 BT.709 색으로 바꿉니다."],
  "lines-joined": ["The video is converted: its interlaced lines are made whole frames.", "영상을 변환합니다: 비월 주사 영상을 온전한 프레임으로 만듭니다."],
  "range-and-lines": ["The video is converted: its high dynamic range is mapped to the colours of BT.709 and its interlaced lines are made whole frames.", "영상을 변환합니다: HDR을 BT.709 색으로 바꾸고, 비월 주사 영상을 온전한 프레임으로 만듭니다."],
  "model-changed": ["The model '{model}' was changed after this run was accepted; run again.", "이 작업을 시작한 뒤 모델 ‘{model}’이(가) 바뀌었습니다. 다시 시도하세요."],
  "model-gone": ["No version of the model '{model}' in {repository} is the run's, nor is one that was published; run again.", "{repository}에 이 작업이 쓰는 모델 ‘{model}’ 버전이 없고, 게시된 적도 없습니다. 다시 시도하세요."],
  "model-retired": ["The model '{model}' was retired; run again.", "모델 ‘{model}’은(는) 더 이상 쓰지 않습니다. 다시 시도하세요."],
  "model-unserved": ["The server has no version of the model '{model}' with the digest {digest} that the run was accepted with (it has {digests}); serve that version again, or run again.", "서버에 이 작업이 쓰는 모델 ‘{model}’ 버전(다이제스트 {digest})이 없습니다 (있는 버전: {digests}). 그 버전을 다시 올리거나 다시 시도하세요."],
  "model-unlike": ["The model '{model}' on the server at {server} takes pictures of {size} and knows {members}; the run was accepted with {wanted_size} and {wanted}.", "{server} 서버의 모델 ‘{model}’은(는) {size} 크기의 화면을 받고 {members}을(를) 압니다. 이 작업은 {wanted_size} 크기와 {wanted}(으)로 시작했습니다. 다시 시도하세요."],
  "model-batches": ["The server takes no batches for the model '{model}'.", "서버가 모델 ‘{model}’에 여러 장을 한꺼번에 받지 않습니다. 운영자에게 알려 주세요."],
  "model-graph": ["The model file is no ONNX graph that can be run: {error}. Fetch or export it again.", "모델 파일이 실행할 수 있는 ONNX 그래프가 아닙니다: {error}. 다시 받거나 내보내세요."],
  "pin-late": ["The pin for '{name}' is at {at}, but the last frame is at {end}; give a time in the video.", "‘{name}’ 핀이 {at}에 있지만 마지막 프레임은 {end}에 있습니다. 영상 안의 시각을 쓰세요."],
  "pin-outside": ["The pin for '{name}' at {at} and ({x}, {y}) is outside of the picture of {width}x{height}; give pixels of the source.", "{at}, ({x}, {y})에 있는 ‘{name}’ 핀이 {width}x{height} 화면 밖에 있습니다. 원본의 픽셀로 쓰세요."],
  "pin-two-names": ["The pins at {at} say that one person is '{name}' and '{other}'; keep one of them.", "{at}의 핀은 한 사람을 ‘{name}’(이)라고도 ‘{other}’(이)라고도 합니다. 하나만 남기세요."],
  "pin-denied": ["The pin at {at} says that this is not '{name}' and another one that it is; keep one of them.", "{at}의 핀은 ‘{name}’이(가) 아니라고 하고 다른 핀은 맞다고 합니다. 하나만 남기세요."],
  "pin-no-face": ["The pin for '{name}' at {at} hits nobody: no face is seen then.", "{at}에 있는 ‘{name}’ 핀에 아무도 없습니다. 그때는 얼굴이 보이지 않습니다."],
  "pin-nobody": ["The pin for '{name}' at {at} and ({x}, {y}) hits nobody; faces then are at {faces}.", "{at}, ({x}, {y})에 있는 ‘{name}’ 핀에 아무도 없습니다. 그때 얼굴은 {faces}에 있습니다."],
  "pin-twins": ["The pins at {first} and {second} name two people '{name}' who are seen at the same time; keep one of them.", "{first}와 {second}의 핀이 동시에 보이는 두 사람을 모두 ‘{name}’(이)라고 합니다. 하나만 남기세요."],
  "pin-unnamed": ["A pin says who is not '{name}', but none says who is; pin that one first.", "‘{name}’이(가) 아니라는 핀은 있지만 누가 ‘{name}’인지 알리는 핀이 없습니다. 그 사람을 먼저 핀으로 지정하세요."],
  "pin-no-member": ["A pin names '{name}', but the members are {members}.", "핀에 ‘{name}’이(가) 있지만 멤버는 {members}입니다."],
  "pin-held": ["{why} Held in place because approved: {people}. Reopen whom to move.", "{why} 승인되어 고정된 사람: {people}. 옮길 사람을 다시 수정 상태로 바꾸세요."],
  "held": ["Who was approved can not be held in place: this version of the program reads other frames of the video. Reopen them and try again.", "승인된 사람을 제자리에 고정할 수 없습니다. 이 버전의 프로그램은 영상의 다른 프레임을 읽습니다. 다시 수정 상태로 바꾼 뒤 다시 시도하세요."],
  "stale": ["Somebody else has changed this video meanwhile; load it again, then repeat.", "그 사이 다른 사람이 이 영상을 수정했습니다. 다시 불러온 뒤 반복하세요."],
  "no-letter": ["A name needs at least one letter.", "이름에는 글자가 하나 이상 있어야 합니다."],
  "name-taken": ["{name} is somebody else here; correct her with a pin.", "{name}은(는) 여기서 다른 사람입니다. 핀으로 고쳐 주세요."],
  "unapproved": ["{name} has not been approved yet.", "{name}은(는) 아직 승인되지 않았습니다."],
  "not-drawn": ["The fancams are still being drawn; wait for them.", "직캠을 아직 그리는 중입니다. 끝날 때까지 기다려 주세요."],
  "too-often": ["This was too often; wait {seconds} s.", "요청이 너무 잦습니다. {seconds}초 기다려 주세요."],
  "unread": ["not a fact of {channel} that can be read: {error}; try again", "{channel}의 메시지를 읽을 수 없습니다: {error}. 다시 시도하세요."],
  "no-end": ["it was started {starts} times and never came to an end; try again, or export the video again, shorter or smaller", "{starts}번 시작했지만 한 번도 끝나지 않았습니다. 다시 시도하거나, 영상을 더 짧거나 작게 다시 내보내세요."],
  "died": ["the work was broken off: {why}; try again, or export the video again, shorter or smaller", "작업이 중단되었습니다: {why} 다시 시도하거나, 영상을 더 짧거나 작게 다시 내보내세요."],
  "defect": ["the program failed at it ({error}); try again, and tell whoever runs it if it fails again", "프로그램이 작업에 실패했습니다 ({error}). 다시 시도하고, 또 실패하면 운영자에게 알려 주세요."],
  "away": ["something that the work needs can not be had now ({what}); try again later", "작업에 필요한 것을 지금 쓸 수 없습니다 ({what}). 나중에 다시 시도하세요."],
  "no-scratch": ["the folder for temporary files can not be used: {why}", "임시 파일 폴더를 쓸 수 없습니다: {why}"],
  "no-scratch-folder": ["the folder for temporary files {folder} can not be used: {why}", "임시 파일 폴더 {folder}을(를) 쓸 수 없습니다: {why}"],
  "no-folder": ["the folder {folder} can not be used: {why}", "폴더 {folder}을(를) 쓸 수 없습니다: {why}"],
  "disk-full": ["the disk is full; make room on it and ask again", "디스크가 가득 찼습니다. 공간을 만든 뒤 다시 시도하세요."],
  "disk-share": ["your share of the disk is used up; make room and ask again", "디스크 할당량을 다 썼습니다. 공간을 만든 뒤 다시 시도하세요."],
  "boxes-old": ["An earlier version of the program stored the boxes that were brought; run the video with --boxes again.", "가져온 상자를 이전 버전의 프로그램이 저장했습니다. --boxes로 영상을 다시 실행하세요."],
  "outdated": ["An earlier version of the program made this; try again, and it is made anew.", "이전 버전의 프로그램으로 만든 영상입니다. 다시 시도하면 새로 만들어집니다."],
};

/** What the gateway or a stage said, in the reader's language; as it came where nobody here knows the sentence. */
export function retold(sentence: string): string {
  if (language.value === "en") return sentence;
  for (const [en, ko] of Object.values(REASONS)) {
    const figures = read(en, sentence);
    if (figures) return fill(ko, Object.fromEntries(Object.entries(figures).map(([name, of]) => [name, retold(of)])));
  }
  return sentence;
}

function read(form: string, sentence: string): Record<string, string> | null {
  const plain = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const found = new RegExp(`^${plain.replace(/\\\{(\w+)\\\}/g, "(?<$1>.+?)")}$`, "s").exec(sentence);
  return found && { ...found.groups };
}
