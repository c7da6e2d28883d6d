import { type Context, context } from '@opentelemetry/api';
import { rootContext } from './context.ts';

/**
 * Carries contexts with the tasks of a queue or a pool: captured where a task is handed in, current again where
 * it runs, gone from the worker afterwards. Works with every context manager, and for the plugins of libraries
 * with queues of their own. For a task that is a plain function, `bind(task)` is enough.
 *
 * The carrier holds no task: a context lives as long as its task, and a task that is dropped lets its context go.
 *
 * @example
 * const carrier = new TaskCarrier<Job>();
 * queue.push(carrier.capture(job));                          // in the request
 * const next = queue.shift();
 * await carrier.run(next, () => handle(next));               // on the worker
 */
export class TaskCarrier<Task extends object> {
  readonly #contexts = new WeakMap<Task, Context>();

  /**
   * Remembers the context for the task, the current one unless another is given, and hands the task back.
   * A task that is captured again forgets the context before: one that several requests share at the same
   * time needs an object a request.
   */
  capture(task: Task, from: Context = context.active()): Task {
    if (isObject(task)) this.#contexts.set(task, from);
    return task;
  }

  /** The context that the task carries; for batches, whose span links to each of their tasks. */
  contextOf(task: Task): Context | undefined {
    return this.#contexts.get(task);
  }

  /**
   * Calls `fn` in the task's context, as often as the queue tries, and hands back what it returns or throws.
   * A task that carries none belongs to no request: it runs in the root context, never in what the worker
   * happens to have inherited.
   */
  run<T>(task: Task, fn: () => T): T {
    return context.with(this.#contexts.get(task) ?? rootContext, fn);
  }

  /** Forgets the task's context, for tasks that outlive their work. */
  release(task: Task): void {
    this.#contexts.delete(task);
  }
}

/** Plugins see what programs hand in: an id instead of an object carries nothing, and breaks nothing. */
function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
