// Modules that exist only while building.

/** The shipped scenarios, from build/scenarios.mjs. */
declare module 'virtual:scenarios' {
  export const scenarios: readonly {
    readonly name: string;
    readonly lab: string;
    readonly title: string;
    readonly text: string;
  }[];
}
