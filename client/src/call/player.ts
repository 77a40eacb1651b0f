/** Playback of a call's recording, as state that the lanes and the transcript follow frame by frame. */
import { useEffect, useMemo, useRef, useState } from "react";

export interface Player {
  playing: boolean;
  positionMs: number;
  /** Whether there is anything to hear. */
  audible: boolean;
  toggle: () => void;
  seek: (atMs: number) => void;
  rate: number;
  setRate: (rate: number) => void;
}

/** Without a source the position can still be moved: the lanes and the transcript go with it. */
export function usePlayer(source: string | null): Player {
  const audio = useMemo(() => (source ? new Audio() : null), [source]);
  const [playing, setPlaying] = useState(false);
  const [positionMs, setPositionMs] = useState(0);
  const [rate, setRate] = useState(1);
  const frame = useRef(0);

  useEffect(() => {
    if (!audio || !source) return;
    audio.preload = "metadata";
    audio.src = source;
    const follow = () => {
      setPositionMs(audio.currentTime * 1000);
      frame.current = requestAnimationFrame(follow);
    };
    const begin = () => {
      setPlaying(true);
      frame.current = requestAnimationFrame(follow);
    };
    const stop = () => {
      setPlaying(false);
      cancelAnimationFrame(frame.current);
    };
    audio.addEventListener("play", begin);
    audio.addEventListener("pause", stop);
    audio.addEventListener("ended", stop);
    return () => {
      stop();
      audio.pause();
      audio.removeAttribute("src");
      audio.load();
    };
  }, [audio, source]);

  useEffect(() => {
    if (audio) audio.playbackRate = rate;
  }, [audio, rate]);

  return {
    playing,
    positionMs,
    audible: audio !== null,
    toggle: () => void (audio?.paused ? audio.play().catch(() => setPlaying(false)) : audio?.pause()),
    seek: (atMs) => {
      if (audio) audio.currentTime = atMs / 1000;
      setPositionMs(atMs);
    },
    rate,
    setRate,
  };
}
