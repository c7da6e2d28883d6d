import { type Context, context } from '@opentelemetry/api';
import { isObject } from '../kit/is-object.ts';
import { rootContext } from './context.ts';

/**
 * Carries contexts with the tasks of a queue or a pool: captured where a task is added, current where it runs, and no
 * longer current on the worker afterwards. Works with every context manager, and in plugins of libraries that have
 * their own queues. For a task that is a plain function, `bind(task)` is enough.
 *
 * The carrier holds its tasks weakly: the context is released together with its task.
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
   * Sets the context of the task, the current one unless another is given, and returns the task.
   * A second call replaces the context: if several requests share a task at the same time, use one object for each.
   */
  capture(task: Task, from: Context = context.active()): Task {
    if (isObject(task)) this.#contexts.set(task, from);
    return task;
  }

  /** The context of the task, for a batch whose span links to each of its tasks. */
  contextOf(task: Task): Context | undefined {
    return this.#contexts.get(task);
  }

  /**
   * Calls `fn` in the task's context, and returns or throws what `fn` does. May be called again for a retry.
   * A task without a context belongs to no request: it runs in the root context, never in the context that the worker
   * inherited.
   */
  run<T>(task: Task, fn: () => T): T {
    return context.with(this.#contexts.get(task) ?? rootContext, fn);
  }

  /** Removes the task's context, for tasks that outlive their run. */
  release(task: Task): void {
    this.#contexts.delete(task);
  }
}

/** JavaScript callers may pass an id instead of an object: it carries no context, and does not throw. */
