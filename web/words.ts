// Numbers, times and states in the words of the page; durations as the command line writes them.

export function count(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en-US');
}

/** `3.2ms`, `48ms`, `1.2s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1)}ms`;
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`;
}

/** `42s`, `7m`, `3h5m`, `2d4h`. */
export function age(ms: number | null): string {
  if (ms === null) return '–';
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

export function bytes(value: number | null): string {
  if (value === null) return '–';
  if (value < 1024) return `${value} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(value) / 10));
  const amount = value / 1024 ** power;
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${units[power - 1]}`;
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** A rate: `0.4`, `12`, `1,204`. */
export function rate(value: number): string {
  return value === 0 || value >= 10 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0.0995 ? 0 : 1)} %`;
}

/** Long keys are cut; the whole is in a title. */
export function short(text: string, max = 24): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
