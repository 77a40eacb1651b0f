/** A button that plays a short sound, and stops it. */
import { Button, type ButtonProps } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../app/toast";
import { Icon } from "../ui/Icon";

interface SoundButtonProps {
  source: string;
  label: string;
  size?: ButtonProps["size"];
}

export function SoundButton({ source, label, size = "sm" }: SoundButtonProps) {
  const { t } = useTranslation();
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
    else void audio.play().catch(failed);
  };
  const failed = (error: unknown) => {
    setPlaying(false);
    // Stopped before it began is no failure.
    const gone = error instanceof DOMException && error.name === "NotSupportedError";
    if (gone) toast({ color: "red", message: t("problem.file_not_found") });
  };
  return (
    <Button variant="default" size={size} leftSection={<Icon name={playing ? "pause" : "play"} size={18} />} onClick={toggle} aria-pressed={playing}>
      {label}
    </Button>
  );
}
