export type { Decider, Facts, LateRules, Provider, ProviderStats, Threshold, Verdict } from './decider.ts';
export type { Keep, Kind, Match, Origin, Policy, PolicySet, TextCondition, TextMatch } from './policy.ts';
