/** Towns by which candle lighting is reckoned, with the custom of each; any other place is kept as it was written. Pure. */
import type { Settings } from "./useSettings";

type Observance = Settings["holidays"];
type Where = Pick<Observance, "latitude" | "longitude" | "candle_lighting_min">;

export const TOWNS = {
  jerusalem: { latitude: 31.7781, longitude: 35.2354, candle_lighting_min: 40 },
  telAviv: { latitude: 32.0853, longitude: 34.7818, candle_lighting_min: 20 },
  haifa: { latitude: 32.794, longitude: 34.9896, candle_lighting_min: 30 },
  petahTikva: { latitude: 32.0871, longitude: 34.8875, candle_lighting_min: 40 },
  beerSheva: { latitude: 31.2518, longitude: 34.7913, candle_lighting_min: 20 },
  tiberias: { latitude: 32.7922, longitude: 35.5312, candle_lighting_min: 20 },
  eilat: { latitude: 29.5577, longitude: 34.9519, candle_lighting_min: 20 },
} as const satisfies Record<string, Where>;

export type Town = keyof typeof TOWNS;
const NAMES = Object.keys(TOWNS) as Town[];
const NEAR_DEGREES = 0.02; // some 2 km: seconds of sunset

/** The town whose place this is; null: none of them. */
export function townOf({ latitude, longitude }: Pick<Observance, "latitude" | "longitude">): Town | null {
  const near = (one: number, other: number) => Math.abs(one - other) < NEAR_DEGREES;
  return NAMES.find((name) => near(TOWNS[name].latitude, latitude) && near(TOWNS[name].longitude, longitude)) ?? null;
}
