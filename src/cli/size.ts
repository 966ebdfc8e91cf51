// Sizes in bytes as people write them: 1024, 64KiB, 256MiB, 1.5GiB.

const units: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const form = /^(\d+(?:\.\d+)?)\s*(b|[kmgt](?:i?b)?)?$/i;

/** Bytes, rounded to whole ones; undefined when the text is no size. K, KB and KiB all mean 1024. */
export function parseBytes(text: string): number | undefined {
  const match = form.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * (units[(match[2] ?? '').charAt(0).toLowerCase()] ?? 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** As short as it can be and still be read back as the same: `100000 B`, `64 KiB`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  // One decimal of the next unit must be exact.
  while (size >= 1024 && unit < names.length - 1 && (size * 10) % 1024 === 0) {
    size /= 1024;
    unit++;
  }
  return `${size} ${names[unit]}`;
}

/** The same of something measured, as exact as a person cares: `850 B`, `1.5 KiB`, `12 MiB`. */
export function formatSize(bytes: number): string {
  const unit = Math.min(names.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const size = bytes / 1024 ** unit;
  return `${unit === 0 || size >= 10 ? Math.round(size) : Math.round(size * 10) / 10} ${names[unit]}`;
}

/** As a person reads it, with three digits: `2.61KiB`, `13.4GiB`. */
export function roundedBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = Math.min(names.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** unit;
  return `${unit === 0 ? size : Number(size.toPrecision(3))}${names[unit]}`;
}
