// Finds the seed of a NATS key in what a file holds. Apart, so that who needs only this does not load the NATS client.

/** The seed in the text of a file: alone, or framed by BEGIN and END lines. Undefined when there is none. */
export function seedIn(text: string): string | undefined {
  return text.split(/\s+/).find(word => /^S[A-Z2-7]{20,}$/.test(word));
}
