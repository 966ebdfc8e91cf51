// What a part found beside throughput: a number under a name.
export interface Finding {
  /** Stable, for targets and for comparing runs. */
  readonly id: string;
  /** For people. */
  readonly text: string;
  readonly value: number;
  readonly unit: string;
}
