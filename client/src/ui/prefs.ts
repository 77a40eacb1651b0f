/** Choices of the reader that this browser remembers. */
import { useLocalStorage } from "@mantine/hooks";

/** Whether the words of engines and models are shown. */
export function useDeveloper(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useLocalStorage({ key: "torim.developer", defaultValue: false, getInitialValueInEffect: false });
  return [on, setOn];
}
