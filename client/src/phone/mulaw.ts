/** G.711 mu-law, the sound of telephone lines: one byte a sample, 8,000 samples a second. */

export const LINE_HZ = 8000;
export const SILENCE = 0xff;
const BIAS = 0x84;
const CLIP = 32635;

const DECODED = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + BIAS) << ((bits >> 4) & 7);
  const sample = magnitude - BIAS;
  return ((bits & 0x80) !== 0 ? -sample : sample) / 32768;
});

export function decode(codes: Uint8Array): Float32Array {
  return Float32Array.from(codes, (code) => DECODED[code] ?? 0);
}

export function encode(samples: Float32Array): Uint8Array {
  return Uint8Array.from(samples, encodeOne);
}

function encodeOne(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(CLIP, Math.round(Math.abs(sample) * 32768)) + BIAS;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

export function toBase64(codes: Uint8Array): string {
  return btoa(String.fromCharCode(...codes));
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
