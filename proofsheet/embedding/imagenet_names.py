"""Names of the 1,000 classes of ImageNet, as a photographer says them.

Holds `NAMES` and `class_names`.
Add here: a better name for a class; the order is that of the network.
Keep out: how scores become labels (labeling/photo_labels.py).

The classes are those of the ILSVRC 2012 challenge, in its order. Names follow WordNet and the lists of
torchvision and open_clip, without their remarks. Classes that look alike in a photograph have one name, such
as three kinds of frog: their scores add up.
"""

from __future__ import annotations

import functools

NAMES = """
tench, goldfish, shark, shark, hammerhead shark, ray, ray, rooster, hen, ostrich, finch, goldfinch, finch,
junco, indigo bunting, robin, bulbul, jay, magpie, chickadee, dipper, bird of prey, bald eagle, vulture, owl,
salamander, newt, newt, salamander, axolotl, frog, frog, frog, sea turtle, sea turtle, turtle, turtle, turtle,
gecko, iguana, lizard, lizard, lizard, frilled-necked lizard, lizard, Gila monster, lizard, chameleon, Komodo
dragon, crocodile, alligator, triceratops, snake, snake, snake, snake, snake, snake, snake, snake, snake,
snake, snake, cobra, snake, snake, snake, rattlesnake, rattlesnake, trilobite, harvestman, scorpion, spider,
spider, spider, spider, tarantula, spider, tick, centipede, grouse, grouse, grouse, grouse, peacock, quail,
partridge, parrot, macaw, sulphur-crested cockatoo, lorikeet, coucal, bee eater, hornbill, hummingbird,
jacamar, toucan, duck, red-breasted merganser, goose, black swan, elephant, echidna, platypus, kangaroo,
koala, wombat, jellyfish, sea anemone, brain coral, flatworm, nematode, conch, snail, slug, sea slug, chiton,
chambered nautilus, crab, crab, crab, crab, lobster, lobster, crayfish, hermit crab, isopod, white stork,
black stork, spoonbill, flamingo, heron, egret, bittern, crane, limpkin, common gallinule, coot, bustard,
shorebird, shorebird, shorebird, shorebird, oystercatcher, pelican, penguin, albatross, grey whale, killer
whale, dugong, sea lion, Chihuahua, Japanese chin, Maltese dog, Pekingese, Shih Tzu, King Charles spaniel,
papillon dog, toy terrier, Rhodesian ridgeback, Afghan hound, basset hound, beagle, bloodhound, bluetick
coonhound, black and tan coonhound, treeing walker coonhound, English foxhound, redbone coonhound, borzoi,
Irish wolfhound, Italian greyhound, whippet, Ibizan hound, Norwegian elkhound, otterhound, Saluki, Scottish
deerhound, Weimaraner, Staffordshire terrier, Staffordshire terrier, Bedlington terrier, border terrier, Kerry
blue terrier, Irish terrier, Norfolk terrier, Norwich terrier, Yorkshire terrier, wire fox terrier, Lakeland
terrier, Sealyham terrier, Airedale terrier, cairn terrier, Australian terrier, Dandie Dinmont terrier, Boston
terrier, schnauzer, schnauzer, schnauzer, Scottish terrier, Tibetan terrier, Yorkshire terrier, soft-coated
wheaten terrier, West Highland white terrier, Lhasa Apso, flat-coated retriever, curly-coated retriever,
golden retriever, Labrador retriever, Chesapeake Bay retriever, German shorthaired pointer, vizsla, English
setter, Irish setter, Gordon setter, Brittany dog, clumber spaniel, English springer spaniel, Welsh springer
spaniel, cocker spaniel, Sussex spaniel, Irish water spaniel, kuvasz, schipperke, Groenendael dog, Malinois,
briard, Australian kelpie, komondor, Old English sheepdog, Shetland sheepdog, collie, border collie, bouvier
des Flandres dog, Rottweiler, German shepherd dog, Dobermann, miniature pinscher, Swiss mountain dog, Bernese
mountain dog, Swiss mountain dog, Swiss mountain dog, boxer dog, bullmastiff, Tibetan mastiff, French bulldog,
Great Dane, St. Bernard, husky, husky, husky, dalmatian, affenpinscher, basenji, pug, leonberger, Newfoundland
dog, Great Pyrenees dog, Samoyed, Pomeranian, chow chow, keeshond, Brussels griffon, corgi, corgi, poodle,
poodle, poodle, Mexican hairless dog, wolf, wolf, wolf, coyote, dingo, dhole, African wild dog, hyena, red
fox, fox, Arctic fox, fox, cat, cat, Persian cat, Siamese cat, cat, cougar, lynx, leopard, snow leopard,
jaguar, lion, tiger, cheetah, brown bear, black bear, polar bear, bear, mongoose, meerkat, beetle, ladybug,
beetle, beetle, beetle, beetle, beetle, beetle, fly, bee, ant, grasshopper, grasshopper, stick insect,
cockroach, praying mantis, cicada, leafhopper, lacewing, dragonfly, damselfly, butterfly, butterfly,
butterfly, butterfly, butterfly, butterfly, starfish, sea urchin, sea cucumber, rabbit, rabbit, rabbit,
hamster, porcupine, squirrel, marmot, beaver, guinea pig, horse, zebra, pig, wild boar, warthog, hippopotamus,
ox, water buffalo, bison, sheep, sheep, ibex, antelope, antelope, antelope, camel, llama, weasel, mink,
ferret, ferret, otter, skunk, badger, armadillo, three-toed sloth, orangutan, gorilla, chimpanzee, gibbon,
gibbon, monkey, monkey, baboon, monkey, monkey, monkey, monkey, marmoset, monkey, monkey, monkey, monkey,
monkey, ring-tailed lemur, indri, elephant, elephant, red panda, giant panda, barracouta, eel, silver salmon,
angelfish, clownfish, sturgeon, gar fish, lionfish, pufferfish, abacus, abaya, academic gown, accordion,
acoustic guitar, aircraft carrier, airliner, airship, altar, ambulance, amphibious vehicle, clock, apiary,
apron, trash can, assault rifle, backpack, bakery, balance beam, balloon, ballpoint pen, sticking plaster,
banjo, banister, barbell, barber chair, barbershop, barn, barometer, barrel, wheelbarrow, baseball,
basketball, bassinet, bassoon, swimming cap, bath towel, bathtub, station wagon, lighthouse, beaker, bearskin
hat, beer bottle, beer glass, bell tower, baby bib, tandem bicycle, bikini, ring binder, binoculars,
birdhouse, boathouse, bobsleigh, bolo tie, poke bonnet, bookcase, bookstore, bottle cap, hunting bow, bow tie,
memorial plaque, bra, breakwater, breastplate, broom, bucket, buckle, bulletproof vest, high-speed train,
butcher shop, taxicab, cauldron, candle, cannon, canoe, can opener, cardigan, car mirror, carousel, tool kit,
carton, car wheel, automated teller machine, cassette, cassette player, castle, sailing boat, CD player,
cello, mobile phone, chain, chain-link fence, chain mail, chainsaw, storage chest, chiffonier, wind chime,
china cabinet, Christmas stocking, church, cinema, cleaver, cliff dwelling, cloak, clogs, cocktail shaker,
coffee mug, coffeemaker, coil, combination lock, computer keyboard, candy store, container ship, convertible,
corkscrew, trumpet, cowboy boot, cowboy hat, cradle, construction crane, crash helmet, crate, infant bed, slow
cooker, croquet ball, crutch, cuirass, dam, desk, desktop computer, rotary dial telephone, diaper, digital
clock, digital watch, dining table, dishcloth, dishwasher, disc brake, dock, dog sled, dome, doormat, drilling
rig, drum, drumstick, dumbbell, Dutch oven, electric fan, electric guitar, electric locomotive, entertainment
center, envelope, espresso machine, face powder, feather boa, filing cabinet, fireboat, fire truck, fire
screen, flagpole, flute, folding chair, football helmet, forklift, fountain, fountain pen, four-poster bed,
freight car, French horn, frying pan, fur coat, garbage truck, gas mask, gas pump, goblet, go-kart, golf ball,
golf cart, gondola, gong, gown, grand piano, greenhouse, radiator grille, grocery store, guillotine, hair
clip, hair spray, half-track, hammer, hamper, hair dryer, hand-held computer, handkerchief, hard disk drive,
harmonica, harp, combine harvester, hatchet, holster, home theater, honeycomb, hook, hoop skirt, gymnastic
horizontal bar, horse-drawn vehicle, hourglass, music player, clothes iron, carved pumpkin, jeans, jeep,
T-shirt, jigsaw puzzle, rickshaw, joystick, kimono, knee pad, knot, lab coat, spoon, lampshade, laptop
computer, lawn mower, lens cap, letter opener, library, lifeboat, lighter, limousine, ocean liner, lipstick,
slip-on shoe, lotion, loudspeaker, magnifying glass, sawmill, magnetic compass, messenger bag, mailbox,
tights, swimsuit, manhole cover, maraca, marimba, mask, matchstick, maypole, maze, measuring cup, medicine
cabinet, megalith, microphone, microwave oven, military uniform, milk can, bus, miniskirt, minivan, missile,
mitten, mixing bowl, mobile home, Ford Model T, modem, historic building, computer screen, moped, mortar and
pestle, graduation cap, mosque, mosquito net, motor scooter, mountain bike, tent, computer mouse, mousetrap,
moving van, muzzle, nail, neck brace, necklace, baby pacifier, laptop computer, obelisk, oboe, ocarina,
odometer, oil filter, pipe organ, oscilloscope, overskirt, bullock cart, oxygen mask, packet, paddle, paddle
wheel, padlock, paintbrush, pajamas, palace, pan flute, paper towel, parachute, parallel bars, park bench,
parking meter, railroad car, patio, payphone, monument, pencil case, pencil sharpener, perfume, Petri dish,
photocopier, plectrum, spiked helmet, picket fence, pickup truck, pier, piggy bank, pill bottle, pillow,
ping-pong ball, pinwheel, pirate ship, pitcher, block plane, planetarium, plastic bag, plate rack, farm plow,
plunger, Polaroid camera, pole, police van, poncho, pool table, soda bottle, plant pot, potter's wheel, power
drill, prayer rug, printer, prison, missile, projector, hockey puck, punching bag, purse, quill, quilt, race
car, racket, radiator, radio, radio telescope, rain barrel, recreational vehicle, fishing reel, reflex camera,
refrigerator, remote control, restaurant, revolver, rifle, rocking chair, rotisserie, eraser, rugby ball,
ruler, sneaker, safe, safety pin, salt shaker, sandal, sarong, saxophone, scabbard, weighing scale, school
bus, sailing boat, scoreboard, computer screen, screw, screwdriver, seat belt, sewing machine, shield, shoe
store, shoji screen, shopping basket, shopping cart, shovel, shower cap, shower curtain, ski, ski mask,
sleeping bag, slide rule, sliding door, slot machine, snorkel, snowmobile, snowplow, soap dispenser, soccer
ball, sock, solar panel, sombrero, soup bowl, space bar, space heater, space shuttle, spatula, motorboat,
spider web, spindle, sports car, spotlight, stage, steam locomotive, steel arch bridge, steel drum,
stethoscope, scarf, stone wall, stopwatch, stove, strainer, tram, stretcher, couch, stupa, submarine, suit,
sundial, sunglasses, sunglasses, sunscreen, suspension bridge, mop, sweatshirt, swimming trunks, swing,
electrical switch, syringe, table lamp, armoured vehicle, tape player, teapot, teddy bear, television, tennis
ball, thatched roof, theatre curtain, thimble, threshing machine, throne, tile roof, toaster, tobacco shop,
toilet seat, torch, totem pole, tow truck, toy store, tractor, semi-trailer truck, tray, trench coat,
tricycle, sailing boat, tripod, triumphal arch, bus, trombone, hot tub, turnstile, typewriter keyboard,
umbrella, unicycle, upright piano, vacuum cleaner, vase, vaulted ceiling, velvet fabric, vending machine,
vestment, arched bridge, violin, volleyball, waffle iron, clock, wallet, wardrobe, military aircraft, sink,
washing machine, water bottle, water jug, water tower, whiskey jug, whistle, hair wig, window screen, window
shade, Windsor tie, wine bottle, aeroplane wing, wok, wooden spoon, wool, split-rail fence, shipwreck, sailing
boat, yurt, web page, comic book, crossword, street sign, traffic light, book cover, menu, plate of food,
guacamole, consomme, hot pot, trifle, ice cream, popsicle, baguette, bagel, pretzel, cheeseburger, hot dog,
mashed potatoes, cabbage, broccoli, cauliflower, zucchini, spaghetti squash, acorn squash, butternut squash,
cucumber, artichoke, bell pepper, cardoon, mushroom, Granny Smith apple, strawberry, orange, lemon, fig,
pineapple, banana, jackfruit, custard apple, pomegranate, hay, carbonara, chocolate syrup, dough, meatloaf,
pizza, pie, burrito, red wine, espresso, cup, eggnog, mountain, bubble, cliff, coral reef, geyser, lakeside,
headland, sandbar, beach, valley, volcano, baseball player, bridegroom, scuba diver, rapeseed, daisy, yellow
lady's slipper, corn, acorn, rose hip, horse chestnut, coral fungus, mushroom, mushroom, stinkhorn mushroom,
earth star fungus, hen-of-the-woods mushroom, mushroom, corn cob, toilet paper
"""


@functools.cache
def class_names() -> tuple[str, ...]:
    """Name of every class, in the order of the network; classes that look alike share a name."""
    return tuple(" ".join(name.split()) for name in NAMES.split(","))
