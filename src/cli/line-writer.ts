// Writes many lines to a stream: in large chunks, and no faster than its reader takes them.
import { once } from 'node:events';
import { hideStatusLine } from './status-line.js';

const chunkChars = 64 * 1024;

export class LineWriter {
  private buffer = '';

  constructor(private readonly stream: NodeJS.WritableStream) {}

  async line(text: string): Promise<void> {
    this.buffer += `${text}\n`;
    if (this.buffer.length >= chunkChars) await this.flush();
  }

  /** Hands over what is buffered, and waits while the stream is full. */
  async flush(): Promise<void> {
    const chunk = this.buffer;
    this.buffer = '';
    if (chunk !== '') hideStatusLine();
    if (chunk !== '' && !this.stream.write(chunk)) await once(this.stream, 'drain');
  }
}
