/** A time of day by the 24-hour clock, typed as people type it: 9, 930, 9:30. */
import { TextInput, type TextInputProps } from "@mantine/core";
import { useEffect, useState } from "react";
import { minutesOf, timeOf } from "../calendar/days";

/** Minutes since midnight, or null where this is no time. */
export function readTime(text: string): number | null {
  const found = /^(\d{1,2})[:.]?(\d{2})?$/.exec(text.trim());
  if (!found) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2] ?? 0);
  return minutes <= 24 * 60 && Number(found[2] ?? 0) < 60 ? minutes : null;
}

type TimeFieldProps = Omit<TextInputProps, "value" | "onChange"> & {
  value: string;
  onChange: (time: string) => void;
};

export function TimeField({ value, onChange, ...rest }: TimeFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const settle = () => {
    const minutes = readTime(text);
    if (minutes === null) setText(value);
    else if (minutes !== minutesOf(value)) onChange(timeOf(minutes));
    else setText(timeOf(minutes));
  };
  return (
    <TextInput
      dir="ltr"
      inputMode="numeric"
      maxLength={5}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={settle}
      onKeyDown={(event) => event.key === "Enter" && settle()}
      {...rest}
    />
  );
}
