import type { Point } from './point.ts';

/** Where points are written: one of OSProfiler's stores, or your own. */
export interface PointStore {
  /** Writes points; the two points of a span follow each other. A rejection drops these points. */
  write(points: readonly Point[]): Promise<void>;
  /** Releases the connection. Called once, after the last `write`. */
  close?(): Promise<void>;
}

/** A connection to a store. Its sockets do not keep the process alive. */
export interface PointConnection {
  /** Writes points, and returns how many the store refused because their trace is full. */
  write(points: readonly Point[]): Promise<number>;
  /** Whether the connection has not ended. */
  isOpen(): boolean;
  close(): void;
}

/** Opens connections to one store. */
export interface PointTarget {
  /** As shown in log messages, without a password. */
  readonly name: string;
  open(): Promise<PointConnection>;
  /** Releases a user's store, after its last use. */
  close?(): Promise<void>;
}

/** The time that client libraries get to connect. */
export const CONNECT_TIMEOUT_MS = 2000;
