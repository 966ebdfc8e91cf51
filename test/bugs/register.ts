// `node --import` this: the process then has the bug that its environment names.
import { register } from 'node:module';
import { BUG_VARIABLE } from './bug.js';
import { bugNamed } from './list.js';

const name = process.env[BUG_VARIABLE];
if (name === undefined) throw new Error(`${BUG_VARIABLE} names no bug`);
register(new URL('hooks.js', import.meta.url), { data: bugNamed(name) });
