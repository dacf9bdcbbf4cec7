/** Fetches what a watch page shows, and keeps the page's scene up to date. */
import { api } from "../api/client";
import type { Watch } from "../api/types";
import { Camera } from "../player/camera";
import type { Scene } from "../player/player";
import { Times } from "../player/times";

/** The scene of the run that is shown now, with the cameras of all its aspects. */
export async function sceneOf(watch: Watch): Promise<Scene> {
  const cameras = await Promise.all(
    Object.entries(watch.camera_url).map(
      async ([aspect, url]) => [aspect, Camera.read(await api.camera(url))] as const,
    ),
  );
  return {
    video: watch.video,
    times: Times.read(watch.times),
    people: watch.people,
    cameras: new Map(cameras),
  };
}
