/** Attribute name and its value with a letter for the type in front: `["http.code", "i500"]`. */
export type Attribute = readonly [name: string, typedValue: string];
