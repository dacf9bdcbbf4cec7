/** Frames as they come on screen: one callback per presented frame, and the frame itself. */

/** Whether this browser hands out decoded frames; without them stage and fancam are two videos. */
export function canTakeFrames(): boolean {
  return "VideoFrame" in globalThis && "requestVideoFrameCallback" in HTMLVideoElement.prototype;
}

/** Past this a frame's timestamp can not be 0, in seconds. */
const SURELY_LATER_S = 0.1;
const UNTOLD = "frames-untold";

/** Whether a frame of the video, whose media time is known, tells its own; null where 0 may be right. */
export function tellsTime(video: HTMLVideoElement, mediaTime: number): boolean | null {
  if (video.seeking || Math.min(mediaTime, video.currentTime) < SURELY_LATER_S) return null;
  const frame = new VideoFrame(video);
  const { timestamp } = frame;
  frame.close();
  return timestamp !== 0;
}

/** Firefox (153) hands out frames that are all at 0. Found out once, it holds for the other pages of this visit. */
export function framesAreUntold(): boolean {
  try {
    return sessionStorage.getItem(UNTOLD) !== null;
  } catch {
    return false;
  }
}

export function rememberUntold(): void {
  try {
    sessionStorage.setItem(UNTOLD, "1");
  } catch {
    // Then it is found out again on the next page.
  }
}

/** Media seconds of what is on screen, and when it came there (milliseconds of performance.now). */
export type Presented = (mediaTime: number, at: number) => void;

/** Calls for every frame that the video presents; once a screen refresh where browsers can not tell. */
export function onPresented(video: HTMLVideoElement, presented: Presented): () => void {
  let stopped = false;
  let handle = 0;
  if ("requestVideoFrameCallback" in video) {
    const next = () => {
      handle = video.requestVideoFrameCallback((_now, shown) => {
        if (stopped) return;
        next();
        presented(shown.mediaTime, shown.expectedDisplayTime);
      });
    };
    next();
    return () => {
      stopped = true;
      video.cancelVideoFrameCallback(handle);
    };
  }
  const element = video as HTMLVideoElement;
  let before = -1;
  const look = (at: number) => {
    if (stopped) return;
    handle = requestAnimationFrame(look);
    if (element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || element.currentTime === before) return;
    before = element.currentTime;
    presented(before, at);
  };
  handle = requestAnimationFrame(look);
  return () => {
    stopped = true;
    cancelAnimationFrame(handle);
  };
}
