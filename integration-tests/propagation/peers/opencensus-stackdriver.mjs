import stackdriver from '@opencensus/propagation-stackdriver';
import { opencensusPeer } from './opencensus.mjs';

export const { begin, goOn } = opencensusPeer(stackdriver.v1);
