/** The middle of some numbers, of two middles the smaller, as the server counts; 0 of none. */
export function median(values: readonly number[]): number {
  const ordered = [...values].sort((one, other) => one - other);
  return ordered[Math.ceil(ordered.length / 2) - 1] ?? 0;
}
