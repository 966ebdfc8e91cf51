// A run that breaks off says which seed it was, as one that ends with violations does.

/** @throws what `run` throws, as the cause of an error that names the seed and how to run it again. */
export async function withSeed<T>(seed: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new Error(
      `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}
