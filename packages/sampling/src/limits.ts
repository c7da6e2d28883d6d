/** Bounds of a policy document, also in `policies.schema.json`. A document that exceeds one is rejected. */
export const LIMITS = {
  /** Characters of a document's text. */
  document: 1_048_576,
  policies: 10_000,
  /** Regular expressions in a document: each takes memory and time to compile. */
  regularExpressions: 1_000,
  /** Levels of nesting in YAML. */
  depth: 32,
  /** Aliases in YAML. */
  aliases: 100,
  /** Characters of a policy's id. */
  id: 128,
  /** Characters of any other text. */
  text: 1_024,
  /** Texts in a list. */
  list: 1_000,
  /** Attributes, or baggage keys, in one match. */
  attributes: 64,
  /** Characters of an attribute's name. */
  attributeName: 256,
  perSecond: 1_000_000,
  slowerThanMs: 86_400_000,
  /** Problems in an error. */
  problems: 20,
} as const;
