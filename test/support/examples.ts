// The examples: what there is, how each is run, and what of its output differs from run to run.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const examplesDir = path.join(root, 'examples');

/** Each client with the file that is run. */
export const entryOf: Readonly<Record<string, string>> = {
  typescript: 'main.ts',
  python: 'main.py',
  go: 'main.go',
  cli: 'main.sh',
};

/** The example that wants n2 dead: key 137 is n2's. */
export const wantsDeadNode = 'outcomes';
export const deadNode = 'n2';

/** Names of all examples. */
export function exampleNames(): string[] {
  return readdirSync(examplesDir, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name);
}

/** The output that an example is committed with. */
export function expectedOf(example: string, client: string): string {
  const file = outputFile(example, client);
  return existsSync(file) ? stable(readFileSync(file, 'utf8')) : '';
}

/** Commits to an output: what differs from run to run is left as it came. */
export function record(example: string, client: string, output: string): void {
  writeFileSync(outputFile(example, client), withoutEmptyLines(output));
}

/** An output without what differs from run to run: versions, times, checksums, who of the nodes took the request. */
export function stable(output: string): string {
  return (
    withoutEmptyLines(output)
      .replace(/\b[0-9a-f]{16}\.\d+[vd][0-9a-z]+@[\w~]+/g, '<token>')
      .replace(/\b\d{16}@[\w~]+/g, '<version>')
      .replace(/"(time|expiresAt|acked|received)":\d+/g, '"$1":<number>')
      .replace(/"tookMs":[\d.]+/g, '"tookMs":<number>')
      // Whether the hint was stored by the time the receipt was written.
      .replace(/"hints":\[\{"target":"(\w+)"[^\]]*\]/g, '"hints":[{"target":"$1"}]')
      .replace(/"(crc32|writer|coordinator)":"[^"]*"/g, '"$1":<text>')
  );
}

function outputFile(example: string, client: string): string {
  return path.join(examplesDir, example, client, 'output.txt');
}

/** `nats req --raw` ends what it prints with two. */
function withoutEmptyLines(text: string): string {
  return text.replace(/\n{2,}/g, '\n');
}
