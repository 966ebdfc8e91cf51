#!/usr/bin/env node
// The `dynats` command, once it has been built.
import { existsSync } from 'node:fs';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main);
else {
  process.stderr.write(
    'dynats: not built yet; run npm start, npm test or npm run build in the checkout first\n',
  );
  process.exitCode = 1;
}
