// Lines of a byte stream. Only "\n" ends a line: JSON may hold other line separators unescaped.

/** One line without its end; undefined text when it is no UTF-8 or longer than the limit, with why. */
export type Line = { number: number; bytesRead: number } & ({ text: string } | { problem: string });

/** A value of 512 KiB, each byte of it escaped as six characters, fits. */
const lineBytesMax = 4 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

export async function* linesOf(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  let bytesRead = 0;
  const take = (): Line => {
    number++;
    const bytes = length > lineBytesMax ? undefined : Buffer.concat(parts);
    parts = [];
    length = 0;
    return { number, bytesRead, ...decoded(bytes) };
  };
  const keep = (part: Buffer): void => {
    length += part.length;
    // Too long: what follows is counted and dropped.
    if (length <= lineBytesMax) parts.push(part);
    else parts = [];
  };
  for await (const data of stream) {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      bytesRead += end + 1 - start;
      start = end + 1;
      yield take();
    }
    keep(chunk.subarray(start));
    bytesRead += chunk.length - start;
  }
  if (length > 0) yield take();
}

function decoded(bytes: Buffer | undefined): { text: string } | { problem: string } {
  if (bytes === undefined) return { problem: `the line is longer than ${lineBytesMax} bytes` };
  try {
    const text = utf8.decode(bytes);
    return { text: text.endsWith('\r') ? text.slice(0, -1) : text };
  } catch {
    return { problem: 'the line is not valid UTF-8' };
  }
}
