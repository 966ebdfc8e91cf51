// Real input, all of it: 171,075 cities of the world.
import { test } from 'node:test';
import { importCities } from '../support/import-cities.js';

test('all cities are imported without a failure while a node is killed and restarted', importCities);
