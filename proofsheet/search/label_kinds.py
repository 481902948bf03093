"""What kind of thing a label names: whoever looks for a dog also wants spaniels.

Holds `with_kind`.
Add here: another kind, or another name of its kind.
Keep out: labels themselves (labeling/).
"""

from __future__ import annotations

import functools

# A kind, and the labels of it: whole, or as the last words of a label ("spaniel" also is "cocker spaniel").
_KINDS = {
    "dog": """
        affenpinscher, Airedale, basenji, beagle, bloodhound, borzoi, briard, bulldog, bullmastiff, Chihuahua,
        chow chow, collie, coonhound, corgi, dalmatian, deerhound, Dobermann, elkhound, foxhound, Great Dane,
        greyhound, griffon, hound, husky, Japanese chin, keeshond, kelpie, komondor, kuvasz, leonberger,
        Lhasa Apso, Malinois, mastiff, otterhound, Pekingese, pinscher, pointer, Pomeranian, poodle, pug,
        retriever, Rhodesian ridgeback, Rottweiler, Saluki, Samoyed, schipperke, schnauzer, setter, sheepdog,
        Shih Tzu, spaniel, St. Bernard, terrier, vizsla, Weimaraner, whippet, wolfhound""",
    "bird": """
        albatross, bee eater, bittern, bulbul, bustard, chickadee, cockatoo, coot, coucal, dipper, duck,
        eagle, egret, finch, flamingo, gallinule, goldfinch, goose, grouse, gull, hen, heron, hornbill,
        hummingbird, indigo bunting, jacamar, jay, junco, limpkin, lorikeet, macaw, magpie, merganser,
        ostrich, owl, oystercatcher, parrot, partridge, peacock, pelican, penguin, quail, robin, rooster,
        shorebird, spoonbill, stork, swan, toucan, vulture""",
    "wild cat": "cheetah, cougar, jaguar, leopard, lion, lynx, tiger",
    "fish": """
        angelfish, barracouta, clownfish, eel, goldfish, lionfish, pufferfish, ray, salmon, shark, sturgeon,
        tench""",
    "insect": """
        ant, bee, beetle, butterfly, cicada, cockroach, damselfly, dragonfly, fly, grasshopper, lacewing,
        ladybug, leafhopper, praying mantis""",
    "flower": "daisy, lady's slipper, orchid, poppy, rapeseed, rose, sunflower, tulip",
    "fruit": """
        apple, banana, fig, jackfruit, lemon, orange, pear, pineapple, pomegranate, strawberry""",
    "vegetable": """
        artichoke, bell pepper, broccoli, cabbage, cardoon, cauliflower, corn, cucumber, squash, zucchini""",
    "car": """
        ambulance, convertible, Ford Model T, jeep, limousine, minivan, station wagon, taxicab, van""",
    "boat": """
        aircraft carrier, canoe, catamaran, gondola, lifeboat, motorboat, fireboat, ocean liner, ship,
        speedboat, submarine, trimaran, yawl""",
    "building": """
        barn, bell tower, boathouse, castle, church, cinema, lighthouse, library, monastery, mosque, palace,
        planetarium, prison, restaurant, stupa, thatched roof""",
}

_OTHERS = frozenset(["sea lion", "sea cucumber"])  # end like a label of a kind, and are of another


@functools.cache
def with_kind(label: str) -> str:
    """A label with its kind, such as 'cocker spaniel (dog)'; the label itself where no kind is known.

    Args:
        label: in English, in any case.
    """
    words = label.casefold().split()
    ends = (" ".join(words[start:]) for start in range(len(words)))
    kinds = _kind_by_name()
    kind = next((kinds[end] for end in ends if end in kinds), "") if " ".join(words) not in _OTHERS else ""
    says_it = kind and words[-len(kind.split()) :] == kind.split()
    return f"{label} ({kind})" if kind and not says_it else label


@functools.cache
def _kind_by_name() -> dict[str, str]:
    named = ((kind, name) for kind, names in _KINDS.items() for name in names.split(","))
    return {" ".join(name.casefold().split()): kind for kind, name in named}
