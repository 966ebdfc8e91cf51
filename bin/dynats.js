#!/usr/bin/env node
// The `dynats` command, once it has been built.
import { existsSync } from 'node:fs';
import module from 'node:module';

// From Node 22.8 on: what the last command compiled need not be compiled again, a sixth of the start.
module.enableCompileCache?.();

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write(
    'dynats: this checkout is not built yet: run npm run build (or npm start) in it first\n',
  );
  process.exitCode = 1;
}
