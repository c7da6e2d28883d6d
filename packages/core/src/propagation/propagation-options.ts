import { option } from '../kit/options.ts';
import { DESTINATIONS_EXPECTED, isDestinations } from './destinations.ts';
import { isTrustOption, TRUST_EXPECTED } from './trust.ts';

/** The option for how far callers are trusted; without it, the propagation defaults apply. */
export const trustOption = option.custom(TRUST_EXPECTED, isTrustOption);

/** The option for the hosts that context is sent to; without it, the propagation defaults apply. */
export const destinationsOption = option.custom(DESTINATIONS_EXPECTED, isDestinations);
