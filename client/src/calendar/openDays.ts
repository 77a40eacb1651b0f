/** When the business is open, day by day, as the server computes it from hours, breaks, holidays and closed days. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { Stretch } from "./layout";

export interface OpenDay {
  open: Stretch[];
  /** Hours of members of staff, by id. */
  staff: Map<string, Stretch[]>;
  closures: (Stretch & { name: Record<string, string> })[];
}

export function useOpenDays(first: string, count: number) {
  return useQuery({
    queryKey: ["business", "days", first, count],
    queryFn: async () => {
      const { items } = await unwrap(api.GET("/api/v1/days", { params: { query: { first, days: count } } }));
      return new Map<string, OpenDay>(
        items.map((day) => [
          day.date,
          {
            open: day.open.map(stretchOf),
            staff: new Map(day.staff.map((member) => [member.staff_id, member.open.map(stretchOf)])),
            closures: day.closures.map((closure) => ({ ...stretchOf(closure), name: closure.name })),
          },
        ]),
      );
    },
    staleTime: 60_000,
  });
}

function stretchOf({ from_min, to_min }: { from_min: number; to_min: number }): Stretch {
  return { fromMin: from_min, toMin: to_min };
}
