// One line at the end of a terminal that is written anew in place. Nobody sees it in a pipe, a file or a log.
import { isQuiet } from './quiet.js';

let isShown = false;

type Terminal = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

export function showStatusLine(text: string, stream: Terminal = process.stderr): void {
  if (isQuiet() || stream.isTTY !== true || process.env['TERM'] === 'dumb') return;
  // A line that wraps could not be taken back.
  const room = Math.max(20, (stream.columns ?? 80) - 1);
  const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
  stream.write(`\r\u001b[2K${shown}`);
  isShown = true;
}

/** Before anything else is written to the terminal. */
export function hideStatusLine(stream: Terminal = process.stderr): void {
  if (!isShown) return;
  isShown = false;
  stream.write('\r\u001b[2K');
}
