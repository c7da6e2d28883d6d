import stackdriver from '@opencensus/propagation-stackdriver';
import { opencensusPeer } from './opencensus.mjs';

export const { startTrace, continueTrace } = opencensusPeer(stackdriver.v1);
