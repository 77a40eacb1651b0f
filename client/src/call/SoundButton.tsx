/** A button that plays a short sound, and stops it. */
import { Button } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { Icon } from "../ui/Icon";

export function SoundButton({ source, label }: { source: string; label: string }) {
  const audio = useMemo(() => new Audio(), []);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    audio.preload = "none";
    audio.src = source;
    audio.onplay = () => setPlaying(true);
    audio.onpause = () => setPlaying(false);
    return () => {
      audio.pause();
      audio.removeAttribute("src");
    };
  }, [audio, source]);
  const toggle = () => {
    if (!audio.paused) audio.pause();
    else void audio.play().catch(() => setPlaying(false));
  };
  return (
    <Button variant="default" leftSection={<Icon name={playing ? "pause" : "play"} size={18} />} onClick={toggle} aria-pressed={playing}>
      {label}
    </Button>
  );
}
