// Sizes in bytes as people write them: 1024, 64KiB, 256MiB, 1.5GiB.

const units: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const form = /^(\d+(?:\.\d+)?)\s*(b|[kmgt](?:i?b)?)?$/i;

/** Bytes, rounded to whole ones; undefined when the text is no size. K, KB and KiB all mean 1024. */
export function parseBytes(text: string): number | undefined {
  const match = form.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * (units[(match[2] ?? '').charAt(0).toLowerCase()] ?? 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `512 B`, `64 KiB`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  while (size >= 1024 && unit < names.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number(size.toFixed(1))} ${names[unit]}`;
}
