// oxlint-disable no-console -- oidc-provider prints the warning with console.warn()

/** Hides the warning of oidc-provider about Node 20, where it works: the tests run there. */
export async function withoutRuntimeWarning<T>(load: () => Promise<T>): Promise<T> {
  const { warn } = console;
  const filter: typeof warn = (...args) => {
    if (!String(args[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...args);
  };
  console.warn = filter;
  try {
    return await load();
  } finally {
    if (console.warn === filter) console.warn = warn;
  }
}
