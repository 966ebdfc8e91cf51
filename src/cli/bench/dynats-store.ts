// Dynats as a store to put load on.
import type { Client, RequestOptions } from '../../client/client.js';
import type { Level } from '../../model/level.js';
import type { Store } from './load.js';

export class DynatsStore implements Store {
  private readonly options: RequestOptions;

  constructor(
    private readonly client: Client,
    { level, bucket }: { level: Level; bucket: string },
  ) {
    this.options = { level, bucket };
  }

  put(key: string, value: string): Promise<unknown> {
    return this.client.put(key, value, this.options);
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.client.get(key, this.options))?.string();
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
