import { option as kinds, type OptionKind, parseJson, splitList } from '../kit/options.ts';
import { DESTINATIONS_EXPECTED, type Destinations, isDestinations } from '../propagation/destinations.ts';
import { isTrustOption, TRUST_EXPECTED } from '../propagation/trust.ts';

/** An option for how far callers are trusted; without it, the propagation defaults apply. */
const trust = () => kinds.custom(TRUST_EXPECTED, isTrustOption);

/**
 * An option for the hosts that context is sent to; without it, the propagation defaults apply. As an environment
 * variable: a word, a list with commas, or JSON.
 */
const destinations = (): OptionKind<Destinations | undefined> => ({
  ...kinds.custom(DESTINATIONS_EXPECTED, isDestinations),
  read: (text) => (/^[[{]/.test(text) ? parseJson(text) : /[,.]/.test(text) ? splitList(text) : text),
});

/** Declares the options of a plugin: each with its check, its form as text and its default. */
export const option = { ...kinds, trust, destinations } as const;
