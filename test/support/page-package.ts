// The package as a page gets it: its modules as a bundler for browsers would resolve them, from a server on the loopback.
// With DYNATS_BUNDLE, the bundle at that path in place of the modules.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUp } from './emulator.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bundle = process.env['DYNATS_BUNDLE'];

/** Serves an empty page in which `import('dynats')` is this package. @returns its address. */
export async function servePackage(t: TestContext): Promise<string> {
  const imports = bundle === undefined ? importMap() : { dynats: '/bundle.js' };
  const page = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>`;
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const [type, text] = url === '/' ? ['text/html', page] : ['text/javascript', moduleAt(url)];
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': type }).end(text);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  cleanUp(t, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** What the package's own `imports` and `exports` say for browsers, and where its packages are. */
function importMap(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    imports: Record<string, { browser: string }>;
    exports: { '.': { default: string } };
  };
  const own = Object.entries(manifest.imports).map(([name, { browser }]) => [
    name.replace('*', ''),
    browser.slice(1).replace('*.js', ''),
  ]);
  return {
    ...Object.fromEntries(own),
    dynats: manifest.exports['.'].default.slice(1),
    '@nats-io/nats-core': '/commonjs/@nats-io/nats-core',
    '@noble/hashes/sha2.js': '/node_modules/@noble/hashes/esm/sha2.js',
    '@noble/hashes/crypto': '/node_modules/@noble/hashes/esm/crypto.js',
  };
}

function moduleAt(url: string): string | undefined {
  if (url === '/bundle.js' && bundle !== undefined) return readFileSync(bundle, 'utf8');
  if (url.startsWith('/commonjs/')) return asModule(url.slice('/commonjs/'.length));
  const file = path.join(root, url.endsWith('.js') ? url : `${url}.js`);
  return /^\/(dist\/src|node_modules\/@noble)\/[\w./@-]+$/.test(url) ? readFileSync(file, 'utf8') : undefined;
}

/** A package of CommonJS as one module that exports what it does. */
function asModule(name: string): string {
  const require = createRequire(path.join(root, 'package.json'));
  const files = new Map<string, string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    const inside = createRequire(file);
    const source = readFileSync(file, 'utf8').replace(/\brequire\("([^"]+)"\)/g, (_, wanted: string) => {
      return `require(${JSON.stringify(inside.resolve(wanted))})`;
    });
    files.set(file, source);
    for (const [, wanted = ''] of source.matchAll(/\brequire\("([^"]+)"\)/g)) visit(wanted);
  };
  const entry = require.resolve(name);
  visit(entry);
  const definitions = [...files].map(
    ([file, source]) => `${JSON.stringify(file)}(module, exports, require) {${source}\n}`,
  );
  const exported = Object.keys(require(name) as object).filter(key => key !== 'default');
  return `const definitions = {${definitions.join(',\n')}};
const known = new Map();
function load(file) {
  if (!known.has(file)) {
    const module = { exports: {} };
    known.set(file, module);
    definitions[file](module, module.exports, load);
  }
  return known.get(file).exports;
}
export const { ${exported.join(', ')} } = load(${JSON.stringify(entry)});
`;
}
