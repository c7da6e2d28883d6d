import { type DoctorProject, installClew, makeProject, type Receiver } from './doctor-project.ts';

/** A set-up that is broken, and what `clew doctor` reports of it. */
export interface SetUp {
  readonly name: string;
  /** Installs and writes what the application consists of; Clew itself is installed. */
  readonly prepare?: (project: DoctorProject) => void;
  /** The application in CommonJS; default: an empty one. */
  readonly app?: string;
  /** The arguments; default: `-- node app.cjs`. */
  readonly args?: readonly string[];
  readonly variables?: NodeJS.ProcessEnv;
  readonly withoutClew?: boolean;
  readonly problems: readonly {
    readonly id: string;
    readonly problem: string | RegExp;
    readonly advice: string | RegExp;
  }[];
}

/** The program that runs the applications. */
export const NODE = process.execPath;

/** Runs `clew doctor` in the set-up, and compares the problems that it reports. */
export async function expectExplained(setUp: SetUp, receiver: Receiver): Promise<void> {
  const { prepare, app = '', args = ['--', NODE, 'app.cjs'], variables, withoutClew, problems } = setUp;
  const project = makeProject(receiver);
  try {
    if (!withoutClew) installClew(project);
    project.write('app.cjs', app);
    prepare?.(project);
    const { status, diagnosis } = await project.doctor(args, variables);
    expect(diagnosis.problems).toEqual(
      problems.map(({ id, problem, advice }) => ({
        id,
        problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
        advice: typeof advice === 'string' ? advice : expect.stringMatching(advice),
      })),
    );
    expect(status).toBe(1);
  } finally {
    project.remove();
  }
}
