/** Files of a project. `Tree` of `@angular-devkit/schematics` has these methods. */
export interface ProjectTree {
  exists(path: string): boolean;
  read(path: string): Uint8Array | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
}

/** Text of a file; undefined if it does not exist. */
export function textOf(tree: ProjectTree, path: string): string | undefined {
  if (!tree.exists(path)) return undefined;
  return new TextDecoder().decode(tree.read(path) ?? undefined);
}

/** Creates or changes a file. */
export function write(tree: ProjectTree, path: string, content: string): void {
  const former = textOf(tree, path);
  if (former === undefined) tree.create(path, content);
  else if (former !== content) tree.overwrite(path, content);
}
