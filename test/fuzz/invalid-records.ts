// What a memtable must not hold, whatever came in: looked at from outside, with the rules of docs/PROTOCOL.md written anew.
import type { WireRecord } from '../../src/wire/generated/types.js';

const keyBytesMax = 1024;
const valueBytesMax = 512 * 1024;

/** @returns why the record is none, or undefined. */
export function faultOfRecord(record: WireRecord): string | undefined {
  const { bucket, key, value, base64, deleted, time, writer, expiresAt } = record;
  const ways = [value, base64, deleted].filter(way => way !== undefined).length;
  if (ways !== 1) return `${ways} of value, base64 and deleted`;
  if (typeof key !== 'string' || key === '' || Buffer.byteLength(key) > keyBytesMax)
    return 'a key of no or too many bytes';
  if (!key.isWellFormed()) return 'a key with a lone surrogate';
  if (value !== undefined && !value.isWellFormed()) return 'a value with a lone surrogate';
  if (Buffer.byteLength(value ?? '') > valueBytesMax) return 'a value of too many bytes';
  if (base64 !== undefined && !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return 'base64 that is none';
  if (Buffer.byteLength(base64 ?? '', 'base64') > valueBytesMax) return 'a value of too many bytes';
  if (!/^[A-Za-z0-9_-]{1,64}(~[1-9][0-9]{0,8})?$/.test(bucket)) return 'a bucket that is no name';
  if (!/^[A-Za-z0-9_.~-]{1,64}$/.test(writer)) return 'a writer that is none';
  if (!Number.isSafeInteger(time) || time < 1) return 'a time that is none';
  if (expiresAt !== undefined && (!Number.isSafeInteger(expiresAt) || expiresAt < 1))
    return 'an end that is none';
  return undefined;
}
