// The files of the page, as the build left them. Only these names are served.

import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dir = fileURLToPath(new URL('../../../web/', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** Where the token stands in the page. */
const TOKEN_MARK = '%DYNATS_TOKEN%';

export class Assets {
  private readonly names: ReadonlySet<string>;

  constructor(private readonly token: string) {
    this.names = new Set(readdirSync(dir).filter(name => types[path.extname(name)] !== undefined));
  }

  /** Undefined when there is none at that path. */
  async at(pathname: string): Promise<Asset | undefined> {
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    if (!this.names.has(name)) return undefined;
    const body = await readFile(path.join(dir, name));
    const type = types[path.extname(name)] ?? '';
    if (name !== 'index.html') return { type, body };
    return { type, body: Buffer.from(body.toString('utf8').replace(TOKEN_MARK, this.token)) };
  }
}
