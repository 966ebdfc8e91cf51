// Real input: some of the cities of the world. All of them are imported by test/slow/cities.test.ts.
import { test } from 'node:test';
import { importCities } from '../support/import-cities.js';

test('every tenth city is imported without a failure while a node is killed and restarted', t =>
  importCities(t, 10));
