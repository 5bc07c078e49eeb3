interface Closable {
  close(): Promise<unknown>;
}

const opened: Closable[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** Closes it after the test, also when that fails; what was opened last is closed first. */
export function closing<T extends Closable>(one: T): T {
  opened.push(one);
  return one;
}

/** Closes it now instead. */
export async function closeNow(one: Closable): Promise<void> {
  opened.splice(opened.indexOf(one), 1);
  await one.close();
}
