import { B3Format } from '@opencensus/propagation-b3';
import { opencensusPeer } from './opencensus.mjs';

export const { startTrace, continueTrace } = opencensusPeer(new B3Format());
