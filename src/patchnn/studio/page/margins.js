// What is added to the sides of an image, for tasks with an option for each side: pixels, or percent of the image.

const SIDES = ["top", "right", "bottom", "left"];

// The margins that some knobs set, or null if one of the sides has none.
export function margins(knobs, sizeOf) {
  const found = SIDES.map((side) => knobs.find(({ option }) => option.name === side));
  return found.includes(undefined) ? null : new Margins(found, sizeOf);
}

// As the control for a size: sides() tells the frame in pixels, setSides(frame) sets it.
class Margins {
  constructor(knobs, sizeOf) {
    this.knobs = knobs;
    this.sizeOf = sizeOf;
    // The frame may begin left of the image and above it.
    this.around = true;
    this.locked = false;
  }

  sides() {
    const shape = this.sizeOf();
    if (!shape) return null;
    const [top, right, bottom, left] = this.knobs.map((knob, i) => {
      const text = String(knob.value() ?? ""), share = text.endsWith("%") ? (i % 2 ? shape.width : shape.height) / 100 : 1;
      return Math.max(0, Math.round(parseFloat(text) * share) || 0);
    });
    return { x: -left, y: -top, width: left + shape.width + right, height: top + shape.height + bottom };
  }

  setSides({ x, y, width, height }) {
    const shape = this.sizeOf();
    [-y, x + width - shape.width, y + height - shape.height, -x].forEach((pixels, i) => this.knobs[i].set(String(Math.max(0, Math.round(pixels)))));
  }
}
